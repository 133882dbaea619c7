/** In this order: nearly every browser also names those that it descends from. */
const browsers = [
  ["Edge", /\bEdgA?(iOS)?\//],
  ["Opera", /\bOPR\//],
  ["Samsung Internet", /\bSamsungBrowser\//],
  ["Firefox", /\b(Firefox|FxiOS)\//],
  ["Chrome", /\b(Chrome|CriOS|HeadlessChrome)\//],
  ["Safari", /\bSafari\//],
  ["curl", /^curl\//],
] as const;

const systems = [
  ["Android", /\bAndroid\b/],
  ["iPhone", /\biPhone\b/],
  ["iPad", /\biPad\b/],
  ["Windows", /\bWindows\b/],
  ["macOS", /\bMacintosh\b/],
  ["ChromeOS", /\bCrOS\b/],
  ["Linux", /\bLinux\b/],
] as const;

interface Device {
  /** Null where it is not known. */
  readonly browser: string | null;
  readonly system: string | null;
}

/** Of a device in words of no language, such as `Firefox (Linux)`; null where nothing of it is known. */
export function deviceName(userAgent: string): string | null {
  const { browser, system } = deviceOf(userAgent);
  return browser !== null && system !== null ? `${browser} (${system})` : (browser ?? system);
}

/** Browser and system that a User-Agent names (RFC 9110 §10.1.5), for somebody who knows their own. */
export function deviceOf(userAgent: string): Device {
  const named = (list: readonly (readonly [string, RegExp])[]) =>
    list.find(([, pattern]) => pattern.test(userAgent))?.[0] ?? null;
  return { browser: named(browsers), system: named(systems) };
}
