/** Draws the rooms of `src/` on their floors: docs/images/rooms.svg. */
import { floors, type Room } from "./floors.ts";

const width = 960;
const margin = 12;
const floorHeight = 72;
const gap = 10;
const padding = 12;

const style = `
    .floor { fill: #f4f1ea }
    .room { fill: #ffffff; stroke: #8a6d3b; stroke-width: 1.4 }
    .name { font-weight: 600; fill: #2b2620 }
    .what, .side { font-size: 12px; fill: #5f564a }
    @media (prefers-color-scheme: dark) {
      .floor { fill: #26231e } .room { fill: #322e28; stroke: #c9a35c }
      .name { fill: #f3ede2 } .what, .side { fill: #c3b9a9 }
    }`;

/** The picture as the text of an SVG file. */
export function drawRooms(): string {
  const height = margin + floors.length * (floorHeight + gap) + 24;
  const drawn = [...floors].reverse().map((rooms, index) => {
    const y = margin + index * (floorHeight + gap);
    const floor = `  <rect class="floor" x="${margin}" y="${y}" width="${width - 2 * margin}" height="${floorHeight}" rx="10"/>`;
    return [floor, ...rooms.map((room, place) => drawRoom(room, place, rooms.length, y))].join("\n");
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="15" role="img" aria-label="The rooms of Sendwright on their floors; imports go down only">
  <style>${style}
  </style>
${drawn.join("\n")}
  <text class="side" x="${margin}" y="${height - 8}">Imports go down only; rooms on one floor do not import each other. scripts/check-layers.ts proves both.</text>
</svg>
`;
}

function drawRoom({ name, what }: Room, place: number, count: number, floorY: number): string {
  const inner = width - 2 * margin - 2 * padding;
  const roomWidth = (inner - (count - 1) * gap) / count;
  const x = margin + padding + place * (roomWidth + gap);
  const y = floorY + padding;
  return `  <rect class="room" x="${x.toFixed(1)}" y="${y}" width="${roomWidth.toFixed(1)}" height="${floorHeight - 2 * padding}" rx="7"/><text class="name" x="${(x + 10).toFixed(1)}" y="${y + 20}">${name}</text><text class="what" x="${(x + 10).toFixed(1)}" y="${y + 38}">${what}</text>`;
}
