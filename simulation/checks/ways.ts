import type { Scene } from "../scene.ts";
import { routedAs } from "./routing.ts";
import { type KnownConfig, Rule } from "./rule.ts";
import { hasRoomNow } from "./usage.ts";

export interface WaitingEmail {
  readonly id: string;
  /** Configs that have refused it for good. */
  readonly refused_by: string | null;
}

interface PauseRow {
  readonly id: string;
  readonly paused_until: number | null;
}

/** Which configs may send what waits, as they are at one moment. */
export class Ways {
  readonly #scene: Scene;
  readonly #today: number;
  readonly #pauses: ReadonlyMap<string, number | null>;
  readonly #rooms = new Map<string, boolean>();

  /** @param today the time of day by the slowest clock. */
  constructor(scene: Scene, today: number) {
    this.#scene = scene;
    this.#today = today;
    const rows = scene.database.look<PauseRow>("select id, paused_until from smtp_config where enabled = 1");
    this.#pauses = new Map(rows.map(({ id, paused_until }) => [id, paused_until]));
  }

  /**
   * Whether one may send it now, perhaps to see whether it works again.
   * @param given whether configs with limits may be the one. Default: they may.
   */
  isUsable(email: WaitingEmail, { isLimited } = { isLimited: true }): boolean {
    return this.#candidates(email).some(
      (config) =>
        (this.#pauses.get(config.id) ?? 0) <= this.#today &&
        (config.limits.length === 0 || (isLimited && this.#hasRoom(email, config))),
    );
  }

  /** Whether one may send it without a trial and without a limit. */
  isFree(email: WaitingEmail): boolean {
    return this.#candidates(email).some(
      ({ id, limits }) => this.#pauses.get(id) === null && limits.length === 0,
    );
  }

  #candidates({ id, refused_by: refusedBy }: WaitingEmail): readonly KnownConfig[] {
    const { emails, configs } = this.#scene;
    const accepted = emails.find((each) => each.id === id);
    // Stored, while its caller has not heard of it yet.
    if (accepted === undefined) return [];
    return new Rule(routedAs(this.#scene, accepted), configs.latest)
      .candidates()
      .filter((config) => refusedBy?.includes(`${config.id}:${config.version}`) !== true);
  }

  #hasRoom({ id }: WaitingEmail, config: KnownConfig): boolean {
    const { database } = this.#scene;
    const open = "select 1 from recipients where email_id = ? and state = 'queued'";
    const recipients = config.limits.some(({ counts }) => counts === "recipients")
      ? database.look(open, id).length
      : 1;
    const key = `${config.id} ${recipients}`;
    const hasRoom = this.#rooms.get(key) ?? hasRoomNow(this.#scene, config, recipients);
    this.#rooms.set(key, hasRoom);
    return hasRoom;
  }
}
