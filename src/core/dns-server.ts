import { z } from "zod";

const ipv4 = z.ipv4();
const ipv6 = z.ipv6();

/** A name server: `192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53` or `[2001:db8::53]:5353`. */
export const dnsServer = z
  .string()
  .refine(
    isDnsServer,
    "must be an IP address, with or without a port, such as 192.0.2.53 or 192.0.2.53:5353",
  );

function isDnsServer(text: string): boolean {
  if (ipv6.safeParse(text).success) return true;
  const found = /^(?:\[([^\]]+)\]|([\d.]+))(?::(\d{1,5}))?$/.exec(text);
  if (found === null) return false;
  const [, inBrackets, plain, port = "53"] = found;
  const isAddress =
    inBrackets === undefined ? ipv4.safeParse(plain).success : ipv6.safeParse(inBrackets).success;
  return isAddress && Number(port) >= 1 && Number(port) <= 65_535;
}
