import * as page from "../strings.ts";
import { limitFields } from "./form.ts";
import * as t from "./strings.ts";

const switches: readonly string[] = ["enabled", "useTls", "allowCleartextAuth"];

/** The label of a setting, by its name in the API. */
export function settingLabel(setting: string): string {
  return Object.entries(page.fields).find(([name]) => name === setting)?.[1] ?? setting;
}

/** What stands for a setting that has no value. */
export function emptyWord(setting: string): string {
  return limitFields.some((field) => field === setting) ? t.noLimit : t.none;
}

/** A setting's value as the form shows it; certificates are too long for a line. */
export function settingWord(setting: string, value: unknown): string {
  const text = String(value ?? "");
  if (switches.includes(setting)) return text === "true" ? t.on : t.off;
  if (setting === "tlsMode" || setting === "authMethod") {
    const choices = { ...page.tlsModes, ...t.authMethods };
    return Object.entries(choices).find(([name]) => name === text)?.[1] ?? text;
  }
  if (limitFields.some((field) => field === setting)) return Number(text).toLocaleString("en");
  return text;
}
