import { openPostgresStore } from "../../src/store/store.ts";
import { startPostgres } from "../support/postgres.ts";

/** A PostgreSQL with a migrated database, for others to be copies of. */
export interface MigratedPostgres {
  readonly address: {
    /** Of a database to give commands in. */
    readonly url: string;
    /** Name of the database to copy; nobody may be connected to it. */
    readonly template: string;
  };
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
}

/** Migrates once what every test would migrate anew. The server doesn't wait for the disk. */
export async function startMigratedPostgres(): Promise<MigratedPostgres> {
  const postgres = await startPostgres({ fsync: false });
  try {
    const template = await postgres.createDatabase();
    await (await openPostgresStore(template)).close();
    return {
      address: { url: postgres.url, template: new URL(template).pathname.slice(1) },
      stop: postgres.stop,
    };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}
