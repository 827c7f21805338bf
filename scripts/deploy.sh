#!/usr/bin/env bash
# The files of deploy/ as they stand, with the release binary: the image in a container, the unit, and both proxies with TLS
# on their real ports and paths, in namespaces of their own.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
# What is still running goes with it.
clean() {
    jobs -p | xargs --no-run-if-empty kill || true
    pkill -g 0 -f -x '(target/release)?/ticketping-leptos' || true
    rm -rf "$folder"
}
trap clean EXIT
export TICKETPING_APP_ID=app TICKETPING_TEAM_SLUG=team TICKETPING_JWT_SECRET=k3Vb9qLw7Zt1Xy5Rm2Np8Hs4Jd6Fg0Ac
export PUBLIC_URL=https://app.example.com TRUSTED_PROXIES=127.0.0.1/32

say() { printf '    %s\n' "$*"; }
fail() { echo "$*" >&2; exit 1; }

# until_it_does COMMAND…: waits for up to ten seconds.
until_it_does() {
    for _ in $(seq 100); do
        if "$@" >/dev/null 2>&1; then return; fi
        sleep 0.1
    done
    fail "never did: $*"
}

static() {
    if ldd target/release/ticketping-leptos >/dev/null 2>&1; then fail "the binary is not static"; fi
    say "the binary needs nothing of its system"
}

unit() {
    # systemd looks for the program.
    sed "s|/usr/local/bin/ticketping-leptos|$PWD/target/release/ticketping-leptos|" deploy/ticketping-leptos.service \
        >"$folder/ticketping-leptos.service"
    cp deploy/ticketping-leptos.socket "$folder"
    systemd-analyze verify "$folder/ticketping-leptos.service" "$folder/ticketping-leptos.socket"
    exposure=$(systemd-analyze security --offline=true "$folder/ticketping-leptos.service" |
        sed -n 's/.*Overall exposure level.*: \([0-9.]*\) .*/\1/p')
    awk -v exposure="$exposure" 'BEGIN { exit !(exposure > 0 && exposure <= 2) }' || fail "the unit's exposure is $exposure"
    say "the unit is well-formed, and its exposure $exposure of 10"
}

# As an operator calls it who has set nothing else.
commands() {
    local url=sqlite://$folder/commands.db
    env -i DATABASE_URL="$url" MAIL_URL="file://$folder/mail" TICKETPING_APP_ID=app TICKETPING_TEAM_SLUG=team \
        TICKETPING_JWT_SECRET="$TICKETPING_JWT_SECRET" LEPTOS_SITE_ADDR=127.0.0.1:3372 target/release/ticketping-leptos 2>"$folder/commands.log" &
    local server=$!
    until_it_does curl -sf http://127.0.0.1:3372/readyz
    env -i DATABASE_URL="$url" target/release/ticketping-leptos --backup "$folder/backup.db" >/dev/null || fail "no backup with DATABASE_URL alone"
    kill "$server"
    wait "$server"
    if env -i target/release/ticketping-leptos --check 2>/dev/null; then fail "a release turns the sandbox on by itself"; fi
    say "commands for the database need DATABASE_URL alone, and a release turns no sandbox on"
}

# A database that root makes, as when a backup is restored, is its folder's owner's: the server is not root.
owner() {
    install -d -o 65534 "$folder/state"
    LEPTOS_SITE_ADDR=127.0.0.1:3371 DATABASE_URL=sqlite://$folder/state/app.db MAIL_URL=file://$folder/mail \
        target/release/ticketping-leptos 2>"$folder/owner.log" &
    local server=$!
    until_it_does curl -sf http://127.0.0.1:3371/readyz
    for file in "$folder"/state/app.db*; do
        [ "$(stat -c %u "$file")" = 65534 ] || fail "$file is not its folder's owner's"
    done
    kill "$server"
    wait "$server"
    say "a database that root makes can be opened by the server"
}

# In a root of its own, by its own user. A sandbox may allow no more than that: no cgroups, no other file system.
image() {
    printf '[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrunroot = "%s"\n' "$folder/images" "$folder/run" >"$folder/storage.conf"
    export CONTAINERS_STORAGE_CONF=$folder/storage.conf
    scripts/image.sh >"$folder/image.log" 2>&1 || fail "$(tail "$folder/image.log")"
    local container root
    container=$(buildah from ticketping-leptos)
    root=$(buildah mount "$container")
    [ "$(cd "$root" && find . -type f)" = ./ticketping-leptos ] || fail "the image holds other files"
    touch "$folder/before"
    run() {
        buildah run --isolation chroot --env TICKETPING_APP_ID=app --env TICKETPING_TEAM_SLUG=team \
            --env "TICKETPING_JWT_SECRET=$TICKETPING_JWT_SECRET" --env PUBLIC_URL=http://127.0.0.1:3370 \
            --env LEPTOS_SITE_ADDR=127.0.0.1:3370 --env MAIL_URL=file:///data/mail "$container" -- /ticketping-leptos "$@"
    }
    run 2>"$folder/container.log" &
    until_it_does run --healthy
    curl -sf http://127.0.0.1:3370/login | grep "Log in" >/dev/null || fail "the container serves no page"
    local server
    server=$(pgrep --newest -f -x /ticketping-leptos)
    [ "$(stat -c %u "/proc/$server")" = 65532 ] || fail "the container runs as another user"
    written=$(cd "$root" && find . -newer "$folder/before" -type f -not -path './etc/*' -not -path './run/*')
    [ -z "$written" ] || fail "the container writes $written"
    kill "$server"
    wait $!
    if run --healthy 2>/dev/null; then fail "a server that has stopped is healthy"; fi
    buildah inspect --type image ticketping-leptos | grep '"--healthy"' >/dev/null || fail "the image has no health check"
    say "the image holds one file, runs as its own user, writes to /data alone, and its health check works"
}

# Within its own network, users and mounts.
proxies() {
    ip link set lo up
    # A client that is none of the trusted proxies.
    ip address add 198.51.100.7/32 dev lo
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=app.example.com \
        -addext subjectAltName=DNS:app.example.com -keyout "$folder/key" -out "$folder/certificate" 2>/dev/null
    mount -t tmpfs tmpfs /etc/ssl
    mount -t tmpfs tmpfs /var/log/nginx
    mkdir /etc/ssl/certs /etc/ssl/private
    cp "$folder/certificate" /etc/ssl/certs/app.example.com.pem
    cp "$folder/key" /etc/ssl/private/app.example.com.key
    printf '%s\n' "daemon off; user root; pid $folder/pid; error_log $folder/nginx.log; events {}" "http { access_log off; include $PWD/deploy/nginx.conf;" \
        "client_body_temp_path $folder/a; proxy_temp_path $folder/b; fastcgi_temp_path $folder/c; uwsgi_temp_path $folder/d;" \
        "scgi_temp_path $folder/e; }" >"$folder/nginx.conf"
    /usr/sbin/nginx -c "$folder/nginx.conf" &
    proxy=$!
    behind nginx "/var/log/nginx $folder/nginx.log" --cacert /etc/ssl/certs/app.example.com.pem
    kill "$proxy"
    wait "$proxy" || true

    # Certificates of its own, as no authority can be reached.
    sed '0,/^{/s//{\n\tlocal_certs\n\tskip_install_trust\n\tadmin off/' deploy/Caddyfile >"$folder/Caddyfile"
    HOME=$folder XDG_DATA_HOME=$folder caddy run --adapter caddyfile --config "$folder/Caddyfile" 2>"$folder/caddy.log" &
    proxy=$!
    until_it_does test -e "$folder/caddy/pki/authorities/local/root.crt"
    behind Caddy "$folder/caddy.log" --cacert "$folder/caddy/pki/authorities/local/root.crt"
    kill "$proxy"
    wait "$proxy" || true
}

# behind NAME LOGS CURL-OPTIONS…: what a browser needs works through the proxy, and its logs hold no link.
behind() {
    local name=$1 logs=$2
    DATABASE_URL=sqlite://$folder/app.db MAIL_URL=file://$folder/mail target/release/ticketping-leptos 2>"$folder/app.log" &
    local app=$!
    until_it_does curl -sf http://127.0.0.1:3000/readyz
    ask() { curl -s --interface 198.51.100.7 --resolve app.example.com:443:127.0.0.1 --resolve app.example.com:80:127.0.0.1 "${options[@]}" "$@"; }
    local options=("${@:3}")
    until_it_does ask -f https://app.example.com/login
    ask -D "$folder/headers" -o "$folder/page" https://app.example.com/login
    grep -qi '^strict-transport-security:' "$folder/headers" || fail "$name: no HSTS"
    post() { ask -o /dev/null -D "$folder/headers" -w '%{http_code}' --data 'email=a@example.com&password=wrong' "$@" https://app.example.com/api/auth/log-in; }
    [ "$(post -H 'Origin: https://app.example.com' -H 'X-Forwarded-For: 192.0.2.1')" = 303 ] || fail "$name: a form is refused"
    grep -qi '^set-cookie: __Host-.*Secure' "$folder/headers" || fail "$name: no secure cookie"
    [ "$(post -H 'Origin: https://evil.example')" = 403 ] || fail "$name: another site's form is taken"
    [ "$(ask -o /dev/null -w '%{redirect_url}' http://app.example.com/login)" = https://app.example.com/login ] ||
        fail "$name: plain http is not sent to https"
    case $(ask -o /dev/null -H 'Host: evil.example' -w '%{redirect_url}' http://app.example.com/login) in
        *evil*) fail "$name: plain http is sent to whatever host was asked for" ;;
    esac
    if grep -q 192.0.2.1 "$folder/app.log"; then fail "$name: a made-up address is believed"; fi
    grep -q 'client=198.51.100.7' "$folder/app.log" || fail "$name: the client's address does not arrive"
    links() {
        for link in '?token' '%3Ftoken' '%253Ftoken'; do
            ask -o /dev/null "https://app.example.com/choose-password$link=secret-of-a-link" || true
        done
    }
    links
    kill "$app"
    wait "$app" || true
    links
    # Both are to be read after the proxy has written them.
    until_it_does grep -rq choose-password $logs
    if grep -r secret-of-a-link $logs; then fail "$name: the token of a link is in its log"; fi
    say "$name: pages, forms, cookies, the client's address, plain http sent to https, and no link in its log"
}

if [ $# = 1 ]; then
    "$1"
    exit
fi
static
unit
commands
if [ "$(id -u)" = 0 ]; then
    owner
    image
    unshare --net --mount "$0" proxies
else
    buildah unshare "$0" image
    unshare --map-root-user --net --mount "$0" proxies
fi
