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
    "src/lib.rs": [
        ["//! Ticketping's support chat, tied to the users who are logged in.", `//! ${title}.`],
    ],
    "src/server/config/settings.rs": [["ticketping-leptos: support chat tied to logged-in users", title]],
    "SECURITY.md": [["In your copy that is", "That is"]],
    ".github/workflows/ci.yml": [[" wrk\n", "\n"]],
    "src/support_chat.rs": [["How do I add this chat to my own app?", "How do I get started?"]],
    "end2end/tests/chat.spec.ts": [[/How do I add this chat to my own app\?/g, "How do I get started?"], ["How do I add", "How do I get"]],
    "src/pages/home.rs": [
        ['<Title text="Support chat that knows who is asking"/>', '<Title text="Welcome"/>'],
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

const renamed = (text) => text.replaceAll("ticketping-leptos", name).replaceAll("ticketping_leptos", name.replaceAll("-", "_"));
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
    // The notice of a licence stays as it is.
    writeFileSync(to, file.endsWith("LICENSE") ? text : renamed(text));
    chmodSync(to, statSync(file).mode);
}
/** From one heading of our README up to another. */
function part(from, to) {
    const [, found] = readFileSync("README.md", "utf8").split(`## ${from}\n`);
    if (!found?.includes(`## ${to}\n`)) fail(`README.md has no ${from} before ${to}: scripts/new.mjs is out of date`);
    return `## ${from}\n${found.split(`## ${to}\n`)[0]}`;
}
writeFileSync(
    join(folder, "README.md"),
    renamed(`# ${title}

${part("Two commands", "Add the chat to your own app")}## First

Change the home page (\`src/pages/home.rs\`), the name and the support address (\`src/site.rs\`), the logo (\`public/mark.svg\`) and the
colours (\`style/tokens.css\`). Tests know sentences of the home page: \`tests/server/http/links.rs\`, \`end2end/tests/chat.spec.ts\`, and \`HOME\` in
\`end2end/engines/support.mjs\`. \`LICENSE\` has the notice of the app that this one was started from: keep that, beside a licence of your own.

${part("The map", "Start your own app from it")}${part("Change it", "Figures")}## More

[The chat](docs/chat.md): every transition and its test · [Security](docs/security.md): each attack, what stops it, and its test ·
[Deploying](docs/deploy.md): one file on a server · [Decisions](docs/decisions/): why it is as it is
`)
        .replace(/\| `bench\/`[^\n]*\n/, "")
        .replace(", `bench/`", "")
        .replace(/, as CI\s+checks/, ""),
);
// Names are sorted in imports.
execFileSync("cargo", ["fmt", "--all"], { cwd: folder, stdio: "inherit" });
execFileSync("git", ["init", "--quiet", "--initial-branch=main"], { cwd: folder });
console.log(`${resolve(folder)} is ${name}. There: make run`);
