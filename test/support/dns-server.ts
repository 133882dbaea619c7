import { createSocket } from "node:dgram";
import { createServer, type Socket } from "node:net";
import { type Answer, decode, encode, type Packet, type Question, TRUNCATED_RESPONSE } from "dns-packet";

/** What a name has. `silent`: no answer ever comes; `broken`: the server fails (SERVFAIL). */
export type ZoneEntry =
  | {
      /** A record longer than 255 octets travels as several strings, which is how an array is sent. */
      readonly TXT?: readonly (string | readonly string[])[];
      readonly A?: readonly string[];
      readonly AAAA?: readonly string[];
      readonly MX?: readonly (readonly [priority: number, exchange: string])[];
      readonly SRV?: readonly (readonly [priority: number, weight: number, port: number, target: string])[];
      /** Another name of the zone, whose records follow in the same answer. */
      readonly CNAME?: string;
    }
  | "silent"
  | "broken";

/** Names that are not in it do not exist (NXDOMAIN). */
export type Zone = Readonly<Record<string, ZoneEntry>>;

export interface DnsServer extends AsyncDisposable {
  /** As `SENDWRIGHT_DNS_SERVERS` takes it. */
  readonly address: string;
  /** Each question so far, such as `TXT example.com`; over TCP it ends in `(TCP)`. */
  readonly questions: readonly string[];
}

/** RFC 1035 §4.2.1; a resolver may say that it takes more (EDNS, RFC 6891). */
const plainUdpBytes = 512;

/** A name server with one zone on a free port of 127.0.0.1, over UDP and TCP. */
export async function startDnsServer(zone: Zone): Promise<DnsServer> {
  const questions: string[] = [];
  const connections = new Set<Socket>();
  const udp = createSocket("udp4");
  const tcp = createServer((socket) => {
    connections.add(socket);
    socket.on("error", () => {}).on("close", () => connections.delete(socket));
    let unread = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      unread = Buffer.concat([unread, chunk]);
      while (unread.length >= 2 && unread.length >= 2 + unread.readUInt16BE(0)) {
        const length = unread.readUInt16BE(0);
        const reply = answer(decode(unread.subarray(2, 2 + length)), " (TCP)");
        unread = unread.subarray(2 + length);
        if (reply === null) continue;
        const bytes = encode(reply);
        const size = Buffer.alloc(2);
        size.writeUInt16BE(bytes.length);
        socket.write(Buffer.concat([size, bytes]));
      }
    });
  });

  function answer(query: Packet, over: string): Packet | null {
    const question = query.questions?.[0];
    if (question === undefined) throw new TypeError("A query without a question.");
    questions.push(`${question.type} ${question.name}${over}`);
    const found = recordsFor(zone, question);
    if (found === "silent") return null;
    const rcode = { broken: 2, missing: 3 } as const;
    const base = { type: "response" as const, id: query.id ?? 0, questions: [question] };
    if (typeof found === "string") return { ...base, flags: 0x0180 | rcode[found] };
    return { ...base, flags: 0x0180, answers: found };
  }

  udp.on("message", (bytes, from) => {
    const query = decode(bytes);
    const reply = answer(query, "");
    if (reply === null) return;
    const edns = query.additionals?.find(({ type }) => type === "OPT");
    const size = edns?.type === "OPT" ? edns.udpPayloadSize : plainUdpBytes;
    const whole = encode(reply);
    const { answers: _answers, ...empty } = reply;
    const sent = whole.length <= size ? whole : encode({ ...empty, flags: 0x0180 | TRUNCATED_RESPONSE });
    udp.send(sent, from.port, from.address);
  });

  const port = await listenOnBoth();

  /** UDP and TCP must have the same port; what is free for one may be taken for the other. */
  async function listenOnBoth(attempts = 5): Promise<number> {
    await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", resolve));
    const bound = tcp.address();
    if (bound === null || typeof bound === "string") throw new TypeError("No port.");
    try {
      await new Promise<void>((resolve, reject) => {
        udp.once("error", reject);
        udp.bind(bound.port, "127.0.0.1", () => {
          udp.off("error", reject);
          resolve();
        });
      });
      return bound.port;
    } catch (error) {
      await new Promise<void>((resolve) => tcp.close(() => resolve()));
      if (attempts === 1) throw error;
      return listenOnBoth(attempts - 1);
    }
  }

  return {
    address: `127.0.0.1:${port}`,
    questions,
    async [Symbol.asyncDispose]() {
      for (const socket of connections) socket.destroy();
      await Promise.all([
        new Promise<void>((resolve) => udp.close(resolve)),
        new Promise<void>((resolve) => tcp.close(() => resolve())),
      ]);
    },
  };
}

function recordsFor(zone: Zone, { name, type }: Question): Answer[] | "silent" | "broken" | "missing" {
  const answers: Answer[] = [];
  let at = name.toLowerCase();
  for (;;) {
    const entry = zone[at];
    if (entry === undefined) return answers.length > 0 ? answers : "missing";
    if (typeof entry === "string") return entry;
    if (entry.CNAME === undefined) return [...answers, ...recordsOf(at, entry, type ?? "A")];
    answers.push({ type: "CNAME", name: at, ttl: 60, data: entry.CNAME });
    if (answers.length > 8) return answers;
    at = entry.CNAME;
  }
}

function recordsOf(name: string, entry: Exclude<ZoneEntry, string>, type: string): Answer[] {
  const common = { name, ttl: 60 };
  switch (type) {
    case "TXT":
      return (entry.TXT ?? []).map((text) => ({ ...common, type, data: stringsOf(text) }));
    case "A":
    case "AAAA":
      return (entry[type] ?? []).map((data) => ({ ...common, type, data }));
    case "MX":
      return (entry.MX ?? []).map(([preference, exchange]) => ({
        ...common,
        type,
        data: { preference, exchange },
      }));
    case "SRV":
      return (entry.SRV ?? []).map(([priority, weight, port, target]) => ({
        ...common,
        type,
        data: { priority, weight, port, target },
      }));
    default:
      return [];
  }
}

/** Strings of up to 255 octets (RFC 1035 §3.3). */
function stringsOf(text: string | readonly string[]): Buffer[] {
  if (typeof text !== "string") return text.map((part) => Buffer.from(part));
  const bytes = Buffer.from(text);
  const parts = Array.from({ length: Math.ceil(bytes.length / 255) }, (_, index) =>
    bytes.subarray(index * 255, (index + 1) * 255),
  );
  return parts.length === 0 ? [bytes] : parts;
}
