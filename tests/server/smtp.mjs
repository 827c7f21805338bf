// A mail server for the tests: node tests/server/smtp.mjs FOLDER BEHAVIOUR [PORT [KEY CERTIFICATE]]. It prints its port and
// writes each mail into FOLDER.
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { SMTPServer } from "smtp-server";

const [folder, behaviour, port = "0", key, certificate] = process.argv.slice(2);
let count = 0;
const options = {
    disabledCommands: behaviour === "works" ? [] : ["STARTTLS", "AUTH"],
    authOptional: behaviour !== "works",
    onRcptTo({ address }, session, callback) {
        if (behaviour === "picky" && address.startsWith("slow")) return;
        if (behaviour === "picky" && address.startsWith("ghost")) {
            return callback(Object.assign(new Error(`<${address}>: User unknown`), { responseCode: 550 }));
        }
        if (behaviour === "picky" && address.startsWith("policy")) {
            return callback(Object.assign(new Error(`5.7.1 <${address}>: Sender rejected`), { responseCode: 550 }));
        }
        callback();
    },
    // Without a certificate of its own the package has one that nobody vouches for.
    ...(key && { key: readFileSync(key), cert: readFileSync(certificate) }),
    onAuth({ username, password }, { secure }, callback) {
        const isRight = secure && username === "app" && password === "s3cret word";
        callback(isRight ? null : new Error("no"), { user: username });
    },
    async onData(stream, { secure }, callback) {
        const mail = await text(stream);
        writeFileSync(join(folder, `${secure ? "secure" : "plain"}-${(count += 1)}.eml`), mail);
        // The mail is here, and nobody hears that it is.
        if (behaviour === "swallows" && count === 1) return process.exit();
        callback();
    },
};
const server = behaviour === "hangs" ? createServer() : new SMTPServer(options);
server.on("error", () => {});
const listening = server.listen(Number(port), "127.0.0.1", () => console.log((listening.server ?? listening).address().port));
