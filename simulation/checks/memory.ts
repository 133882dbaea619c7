import { memoryBytes } from "../node.ts";
import type { Scene } from "../scene.ts";
import { largeBytes } from "./queue.ts";

/** What each node has given to sessions that are not done with it stays within its memory, but for a large one alone. */
export function checkMemory(scene: Scene): void {
  for (const node of scene.nodes) {
    const sizes = scene.relays
      .flatMap(({ sessions }) => [...sessions])
      .filter(([, by]) => by === node && node.alive)
      .map(([session]) => scene.emailTo(session.carriesFor)?.plan.bytes ?? 0)
      .filter((bytes) => bytes > largeBytes);
    const sum = sizes.reduce((total, bytes) => total + bytes, 0);
    scene.require(
      sizes.length < 2 || sum <= memoryBytes,
      "contents stay within the memory for them",
      () => `${node.name} holds ${sizes.length} with ${sum} bytes, and may hold ${memoryBytes}`,
    );
  }
}
