// A start for another app: a copy of this one under another name, without what is about this one alone. `make new`.
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const [name, folder] = process.argv.slice(2);
function fail(sentence) {
    console.error(sentence);
    process.exit(2);
}
if (!name || !folder) fail("say which: make new NAME=my-shop DIR=../my-shop");
if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) fail("NAME must be a crate's name in lower case, such as my-shop");
const taken = execFileSync("sed", ["-n", 's/^name = "\\(.*\\)"/\\1/p', "Cargo.lock"], { encoding: "utf8" }).split("\n");
if ([...taken, "core", "std", "alloc", "proc-macro"].includes(name)) fail(`NAME ${name} is the name of a crate that this app uses: choose another`);
const tried = mkdtempSync(join(tmpdir(), "new-"));
const { error, status, stderr } = spawnSync("cargo", ["init", "--quiet", "--lib", "--vcs", "none", "--name", name, tried], { encoding: "utf8" });
rmSync(tried, { recursive: true });
if (error) fail(`cargo cannot be run: ${error.message}`);
if (status !== 0) fail(`cargo does not take NAME ${name}: ${stderr.split("\n")[0]}`);
if (existsSync(folder)) fail(`${folder} is there already: name a new folder`);

const title = name.replaceAll("-", " ").replace(/\b./g, (letter) => letter.toUpperCase());
/** About this repository: its figures, how they are made, its history, this script. */
const aboutThis = /^(bench\/|CHANGELOG|README|scripts\/(new|without-chat)|docs\/(bench|growth|clicks|lighthouse|figures|picture|traps|asvs|decisions\/why-(mimalloc|sessions-are-read)))/;

/** What changes beside the name, by file: each text must be there once. */
const changes = {
    "src/site.rs": [['"Ticketping for Leptos"', `"${title}"`]],
    "src/app.rs": [[/content="Ticketping's support chat[^"]*"/, "content=APP_NAME"]],
    "src/layout.rs": [
        ['"Ticketping "<span class="brand-for">"for Leptos"</span>', "{APP_NAME}"],
        ["use crate::{\n", "use crate::{\n    site::APP_NAME,\n"],
    ],
    "style/layout.css": [
        [/\.brand-for \{[^]*?\n\n(?=\.site-nav)/, ""],
        [/    \.brand-for \{[^]*?\}\n\n/, ""],
    ],
    "tests/server/http/mails.rs": [["Ticketping for Leptos", title]],
    "src/support_chat.rs": [["How do I add this chat to my own app?", "How do I get started?"]],
    "end2end/tests/chat.spec.ts": [[/How do I add this chat to my own app\?/g, "How do I get started?"], ["How do I add", "How do I get"]],
    "src/pages/home.rs": [
        ['<Title text="Support chat that knows who is asking"/>', "<Title text=APP_NAME/>"],
        ['<h1>"Support chat that knows who is asking"</h1>', "<h1>{APP_NAME}</h1>"],
        [/"Your server vouches[^]*?chat\."/, '"Say here what it does, and for whom."'],
        ["        <TokenSteps/>\n", ""],
        [/\nconst STEPS[^]*$/, ""],
        ["use crate::{\n", "use crate::{\n    site::APP_NAME,\n"],
    ],
    "style/home.css": [[/\.way \{[^]*?(?=@media)/, ""], [/\n\n    \.way-steps \{[^]*$/, "\n}\n"]],
    "Cargo.toml": [
        [/# What the token endpoint is measured[^]*?\n\n/, ""],
        [/description = "Ticketping's support chat tied[^\n]*/, `description = "${title}"`],
    ],
    Makefile: [
        [/ bench growth clicks flood profile lighthouse new/, ""],
        [/bench: release[^]*?(?=clean:)/, ""],
    ],
    "scripts/test.sh": [
        [/check "README's list[^\n]*\n/, ""],
        [/check "A start for another app"[^\n]*\n/, ""],
        [/check "The benchmark[^\n]*\n/, ""],
        [/command -v wrk[^\n]*\n/, ""],
        [/check "Lighthouse[^\n]*\n/, ""],
    ],
    "docs/security.md": [[/; the times are in \[figures\.md\]\(figures\.md\)/, ""]],
    "docs/decisions/why-layers-are-put-together-first.md": [[" (`make profile`)", ""]],
    "docs/decisions/why-links-load-no-page.md": [[/ \(\[figures\]\(\.\.\/figures\.md\), `make clicks`\)/, ""]],
    "docs/deploy.md": [[/### How far it goes[^]*?(?=## Metrics)/, ""]],
};

const listed = execFileSync("git", ["ls-files", "-z"], { encoding: "utf8" });
for (const file of listed.split("\0").filter((file) => file && existsSync(file) && !aboutThis.test(file))) {
    const to = join(folder, file.replaceAll("ticketping-leptos", name));
    mkdirSync(dirname(to), { recursive: true });
    const bytes = readFileSync(file);
    if (bytes.includes(0)) {
        cpSync(file, to);
        continue;
    }
    let text = bytes.toString();
    for (const [from, into] of changes[file] ?? []) {
        if (text.search(from instanceof RegExp ? from : from.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")) < 0) fail(`${file} has no ${from}: scripts/new.mjs is out of date`);
        text = text.replace(from, () => into);
    }
    writeFileSync(to, text.replaceAll("ticketping-leptos", name).replaceAll("ticketping_leptos", name.replaceAll("-", "_")));
    chmodSync(to, statSync(file).mode);
}
writeFileSync(
    join(folder, "README.md"),
    `# ${title}

\`\`\`sh
make run     # builds and serves http://127.0.0.1:3000, with a stand-in for Ticketping: no account, no setting
make test    # everything: format, lints, unit, HTTP and browser tests
\`\`\`

\`.env.example\` lists the settings; copy it to \`.env\`. [docs/deploy.md](docs/deploy.md) says how to deploy it, [docs/chat.md](docs/chat.md) what the
chat does when, [docs/security.md](docs/security.md) what it is safe from.

First change the home page (\`src/pages/home.rs\`), the name and the support address (\`src/site.rs\`), the logo (\`public/mark.svg\`) and the
colours (\`style/tokens.css\`).
`,
);
// Names are sorted in imports.
execFileSync("cargo", ["fmt", "--all"], { cwd: folder, stdio: "inherit" });
execFileSync("git", ["init", "--quiet"], { cwd: folder });
console.log(`${resolve(folder)} is ${name}. There: make run`);
