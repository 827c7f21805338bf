// Takes each protection out, one after the other, and shows that its tests then fail. A protection
// whose tests still pass is one that nothing shows: the command fails. Minutes each; not part of CI.
//
//   make protections            all of them
//   make protections ARGS=purge those whose name contains "purge"
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const browser = "src/ticketping/browser";

/** What is taken out: a text of a file, what stands there instead, and the tests that must notice. */
const protections = [
    ["the script is a module", `${browser}/page.rs`, '("type", "module"), ', "", "app", "an anonymous visitor sees"],
    ["userJWT is never null", `${browser}/widget.rs`, 'set(&config, "userJWT", &jwt.into());', 'if !jwt.is_empty() { set(&config, "userJWT", &jwt.into()); } else { set(&config, "userJWT", &JsValue::NULL); }', "app", "an anonymous visitor sees"],
    ["purge", `${browser}/storage.rs`, "pub fn purge() {", "pub fn purge() {\n    if true { return; }", "app", "on a shared browser|unknown owner left"],
    ["the server expires the chat cookie", "src/server/router.rs", "    if changed {\n", "    if changed && false {\n", "app", "the server expires the chat cookie"],
    ["only its owner's cookie and storage", `${browser}/widget.rs`, "if stored_identity().as_ref() != Some(&identity) {", "if false {", "app", "another tab has just taken"],
    ["the owner's note changes in one step", `${browser}/storage.rs`, "    forget_resume();\n}\n\n/// Notes the owner.", "    forget_resume();\n    if let Some(storage) = local_storage() { let _ = storage.remove_item(OWNER_KEY); }\n}\n\n/// Notes the owner.", "app", "note of the owner is never missing"],
    ["renewal", `${browser}/widget.rs`, "pub fn renew(&self, jwt: &str) {", "pub fn renew(&self, jwt: &str) {\n        if !jwt.is_empty() { return; }", "app", "renewed before it dies"],
    ["renewal without identify()", `${browser}/widget.rs`, 'let _frozen = Reflect::set(&self.instance.config(), &"userJWT".into(), &jwt.into());', 'let user = Object::new(); set(&user, "userJWT", &jwt.into()); let _ = function(&self.instance, "identify").map(|identify| identify.call1(&self.instance, &user));', "app", "renewed before it dies"],
    ["the token's life by the server's clock", `${browser}/token.rs`, "served.filter(|served| served.is_finite())", "served.filter(|_| false)", "app", "a clock that says"],
    ["stop before the next start", "src/ticketping/component.rs", "live.stop();", "drop(live);", "example", "a switch of user without"],
    ["taken down through the global", `${browser}/widget.rs`, "let _gone = namespace.destroy();", 'let _ = &namespace; let _ = function(widget, "destroy").map(|destroy| destroy.call0(widget));', "example", "a switch of user without"],
    ["no bubble after a stop", `${browser}/widget.rs`, 'set(widget, "createWidgetContainer", &noop);', "", "example", "the team's settings of"],
    ["what is being built is built off the page", `${browser}/widget.rs`, 'set(widget, "widgetContainer", &nowhere);', "let _ = nowhere;", "example", "the team's settings of"],
    ["a stopped start asks for nothing more", `${browser}/widget.rs`, 'set(widget, "loadStoredConversations", &never);', "", "example", "the team's settings of"],
    ["no answer after a stop", `${browser}/widget.rs`, "set(widget, STOPPED, &JsValue::TRUE);", "", "example", "the chat token of alice|being opened opens|waits for its chat token"],
    ["no socket comes back after a stop", `${browser}/widget.rs`, 'set(&options, "reconnectAttempts", &0.into());', "", "example", "still connecting"],
    ["the theme goes with the widget", `${browser}/widget.rs`, "        remove_theme();\n", "", "example", "taken down leaves"],
    ["tabs tell each other by channel", "src/ticketping/component.rs", "let _closed = channel.post_message(&browser::mark().into());", "", "app", "where storage is blocked, tabs"],
    ["tabs hear the storage event", "src/ticketping/component.rs", "if browser::is_owner_key(change.key()) {", "if false && browser::is_owner_key(change.key()) {", "app", "without BroadcastChannel"],
    ["signed-in pages are in no cache", "src/server/router.rs", '"no-store" } else', '"private, max-age=600" } else', "app", "going back after log-out"],
    ["the picture's handlers are allowed by hash", "src/server/security.rs", "script-src-attr 'unsafe-hashes' {ATTACHMENT_HANDLERS};", "script-src-attr 'unsafe-hashes' 'sha256-{ATTACHMENT_HANDLERS}';", "app", "a picture and a file"],
    ["style attributes are allowed", "src/server/security.rs", "         style-src-attr 'unsafe-inline'; \\\n", "", "app", "no violation of its policy"],
];

const run = (command, ...options) => spawnSync(command, options, { encoding: "utf8", shell: false });
let shownByNothing = 0;

for (const [name, file, from, to, project, tests] of protections) {
    if (!name.includes(process.argv[2] ?? "")) continue;
    const whole = readFileSync(file, "utf8");
    if (whole.split(from).length !== 2) throw new Error(`${name}: ${file} must hold exactly once: ${from}`);
    try {
        writeFileSync(file, whole.replace(from, () => to));
        const built = project === "app" ? run("cargo", "leptos", "build") : run("scripts/example.sh");
        if (built.status !== 0) throw new Error(`without "${name}" it does not build:\n${built.stderr}`);
        const options = ["playwright", "test", "-c", "end2end", "--project", project, "--timeout", "15000", "-g", tests];
        const report = run("npx", ...options, "--reporter", "json");
        const { stats } = JSON.parse(report.stdout.slice(report.stdout.indexOf("{\n")));
        const noticed = stats.unexpected > 0;
        if (!noticed) shownByNothing += 1;
        console.log(`${noticed ? "noticed" : "NOT NOTICED"}\t${name}: ${stats.unexpected} of ${stats.unexpected + stats.expected} failed`);
    } finally {
        writeFileSync(file, whole);
    }
}
execFileSync("cargo", ["leptos", "build"], { stdio: "ignore" });
process.exit(shownByNothing === 0 ? 0 : 1);
