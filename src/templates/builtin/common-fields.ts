import { z } from "zod";
import { line, moment, timeZone } from "../engine/fields.ts";

/** Fields that have one name and one meaning in all templates. */

export const name = line(100).optional().describe("Whom to greet");

export const productName = line(100).optional().describe("Goes before the name of the brand");

export const readersTimeZone = timeZone()
  .optional()
  .describe("The reader's time zone, such as Europe/Berlin; UTC unless given");

/** What is known of a request. */
export const requestFields = {
  device: line(200).optional().describe("What the request came from, such as Firefox on Linux"),
  place: line(200).optional().describe("About where it came from, such as Lyon, France"),
  time: moment().optional().describe("When it was made, as in RFC 3339"),
  timeZone: readersTimeZone,
};

/** How long a link or a code works. The email is not sent later than that. */
export function validMinutes(most: number) {
  return z.int().min(1).max(most).optional().describe("How long it works, in minutes from now");
}

/** A code to be typed in. */
export function code() {
  return z
    .string()
    .regex(/^[A-Za-z0-9](?:[ -]?[A-Za-z0-9]){3,15}$/, {
      error: "must be 4 to 16 letters and figures, with single spaces or hyphens between them",
    })
    .describe("The code to be typed in, such as 481902");
}
