import { existsSync, writeFileSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { PNG } from 'pngjs';
import { PAGE_WIDTH } from './html.js';

const CHROMIUMS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:/Program Files/Google/Chrome/Application/chrome.exe',
];

/**
 * Takes a picture of each page's `main`, as PNG.
 * @param pages HTML by the path of the picture
 * @throws Error where there is no Chromium
 */
export const shoot = async (pages: ReadonlyMap<string, string>): Promise<void> => {
  const executablePath = process.env.CHROMIUM ?? CHROMIUMS.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error('There is no Chromium here; $CHROMIUM may say where it is.');
  // Chromium has no sandbox for root.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const browser = await chromium.launch({ executablePath, args });
  try {
    const page = await browser.newPage({ viewport: { width: PAGE_WIDTH, height: 900 } });
    for (const [path, html] of pages) {
      await page.setContent(html);
      writeFileSync(path, packed(await page.locator('main').screenshot()));
    }
  } finally {
    await browser.close();
  }
};

const RGB = 2;
// Of zlib.
const DEFAULT = 0;
/** Shades that nobody tells apart are one; 255 is a multiple. */
const SHADE = 3;

/** The same picture to the eye in two thirds of the bytes; Chromium packs for speed. */
const packed = (picture: Buffer): Buffer => {
  const png = PNG.sync.read(picture);
  png.data = Buffer.from(png.data.map((value) => Math.round(value / SHADE) * SHADE));
  return PNG.sync.write(png, { filterType: 0, deflateLevel: 9, deflateStrategy: DEFAULT, colorType: RGB });
};
