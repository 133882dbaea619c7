// Passes TCP on, later by a constant time each way, in a process of its own; relay.ts starts it.
import { connect, createServer, type Socket } from "node:net";

const [port, delayMs] = process.argv.slice(2).map(Number);

/** Timers of the same length fire in the order in which they were set: nothing overtakes. */
function pass(from: Socket, to: Socket): void {
  from.setNoDelay(true);
  from.on("data", (bytes) => setTimeout(() => to.write(bytes), delayMs));
  from.on("end", () => setTimeout(() => to.end(), delayMs));
  from.on("error", () => to.destroy());
}

const server = createServer({ allowHalfOpen: true }, (client) => {
  const relay = connect({ port: port ?? 0, host: "127.0.0.1", allowHalfOpen: true });
  pass(client, relay);
  pass(relay, client);
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") process.send?.({ port: address.port });
});
process.on("disconnect", () => process.exit());
