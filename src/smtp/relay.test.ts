import { expect, it } from "vitest";
import { tlsFor } from "./relay.ts";

it.each([
  [true, "auto", 465, "implicit"],
  [true, "auto", 587, "starttls"],
  [true, "auto", 25, "starttls"],
  [true, "starttls", 465, "starttls"],
  [true, "implicit", 587, "implicit"],
  [false, "auto", 465, "none"],
  [false, "starttls", 587, "none"],
  [false, "implicit", 465, "none"],
] as const)("TLS %s, mode %s, port %i is %s (RFC 8314 §3.3)", (useTls, mode, port, tls) => {
  expect(tlsFor(useTls, mode, port)).toBe(tls);
});
