// The log-in, a result and the log-out in Firefox: node firefox.mjs URL_OF_A_NOTEBOOK FOLDER_FOR_PICTURES
// The notebook has two cells: the form, and one whose last line is a result. See CONTRIBUTING.md.
import puppeteer from "puppeteer-core";
const [url, out] = process.argv.slice(2);
const browser = await puppeteer.launch({ browser: "firefox", executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr", headless: true });
try {
  const page = await browser.newPage();
  await page.setViewport({ width: 1180, height: 1000 });
  await page.goto(url);
  await page.waitForFunction(() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === "idle", { timeout: 90000 });
  const run = (i) => page.evaluate((i) => { const it = jupyterapp.shell.currentWidget.content; it.activeCellIndex = i; it.deselectAll(); return jupyterapp.commands.execute("notebook:run-cell"); }, i);
  const press = (name) => page.evaluate((name) => [...document.querySelectorAll(".dolby-panel button")].find((b) => b.textContent === name && b.checkVisibility()).click(), name);
  await run(0);
  await page.waitForSelector(".dolby-panel input[type=password]");
  await page.screenshot({ path: `${out}/firefox-1.png` });
  await press("Use the local sandbox");
  await page.waitForFunction(() => document.querySelector(".dolby-panel .state").textContent === "Fresh");
  await run(1);
  await page.waitForFunction(() => [...document.querySelectorAll(".dolby-sound audio")].some((a) => a.readyState > 0), { timeout: 60000 });
  console.log("players", await page.evaluate(() => JSON.stringify([...document.querySelectorAll(".dolby-sound audio")].map((a) => [a.getAttribute("src").slice(0, 30), a.duration]))));
  await new Promise((r) => setTimeout(r, 1500));
  await page.screenshot({ path: `${out}/firefox-2.png` });
  await press("Log out");
  await page.waitForSelector(".dolby-panel form:not([hidden]) input[type=password]");
  console.log("Firefox", await browser.version(), "log-in, result, log-out seen");
} finally { await browser.close(); }
