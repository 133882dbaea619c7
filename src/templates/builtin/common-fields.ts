import { z } from "zod";
import { line, moment, timeZone } from "../engine/fields.ts";

/** Fields that have the same name and meaning in all templates. */

export const name = line(100).optional().describe("Name in the greeting");

export const productName = line(100)
  .optional()
  .describe("Name of the product. Defaults to the name of the brand");

export const readersTimeZone = timeZone()
  .optional()
  .describe("Time zone of the reader, such as Europe/Berlin. Defaults to UTC");

/** What is known about a request. */
export const requestFields = {
  device: line(200).optional().describe("Device that the request came from, such as Firefox (Linux)"),
  place: line(200).optional().describe("Approximate location of the device, such as Lyon, France"),
  time: moment().optional().describe("Time of the request, as in RFC 3339"),
  timeZone: readersTimeZone,
};

/** How long a link or a code is valid. The email is not sent after that. */
export function validMinutes(most: number) {
  return z.int().min(1).max(most).optional().describe("Minutes until the link or the code expires");
}

/** A code that the reader enters. */
export function code() {
  return z
    .string()
    .regex(/^[A-Za-z0-9](?:[ -]?[A-Za-z0-9]){3,15}$/, {
      error: "must be 4 to 16 letters and digits, with single spaces or hyphens between them",
    })
    .describe("Code that the reader enters, such as 481902");
}
