import { chromium } from "@playwright/test";
const o = process.env.O ?? "http://127.0.0.1:3999";
const b = await chromium.launch({executablePath:"/usr/bin/chromium"}); const page = await (await b.newContext()).newPage();
await page.addInitScript(() => {
  const log = window.__log = [];
  const t0 = performance.now();
  const f = () => {
    const w = document.querySelector(".ticketping-chat-window"), m = document.querySelector(".ticketping-message.user"), tab = document.querySelector("#messagesTab"), cc = document.querySelector(".active-conversation");
    const s = (e) => e ? [getComputedStyle(e).opacity, getComputedStyle(e).transform === "none" ? "" : getComputedStyle(e).transform].join(" ") : "-";
    if (w) { const r = [Math.round(performance.now()), s(w), s(m), s(tab), s(cc)].join(" | "); if (log.length < 60) log.push(r); }
    requestAnimationFrame(f);
  };
  requestAnimationFrame(f);
});
await page.goto(o + "/");
await page.waitForFunction(() => window.TicketpingChat?.instance?.isInitialized);
await page.locator(".ticketping-chat-bubble").click();
await page.locator(".ticketping-start-conversation-btn").click();
await page.locator(".ticketping-message.agent").first().waitFor();
await page.locator("#messageInput").fill("hello"); await page.keyboard.press("Enter");
await page.getByText("I read").waitFor();
await page.locator("header a[href='/login']").click();
await page.waitForURL("**/login");
await page.locator(".ticketping-message.user").waitFor();
await page.waitForTimeout(600);
console.log((await page.evaluate(() => window.__log)).join("\n"));
await b.close();
