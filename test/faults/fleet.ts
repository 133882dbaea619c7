import { makeServiceFolder, type Run, type Service } from "../service/service.ts";

/** Sendwright as processes that can be killed and started again: one, or several nodes on one database. */
export interface Fleet extends AsyncDisposable {
  readonly nodes: readonly Node[];
  /**
   * One that listens, each in its turn; while there is none, the first that does.
   * @throws Error if a process has ended that the test did not kill.
   */
  anyUp(): Promise<Service>;
}

export interface Node {
  /** Begins a process. It listens when this resolves, or has been killed. */
  start(): Promise<void>;
  /** While it listens. */
  readonly service: Service | null;
  /** Ends its process, whatever that was about to do. */
  kill(): Promise<void>;
}

/** @param env of each node: where its database is. */
export function makeFleet(size: number, env: Readonly<Record<string, string>>): Fleet {
  const up: Service[] = [];
  const waiting = new Set<(service: Service) => void>();
  let turn = 0;
  let died: Error | null = null;

  function makeNode() {
    const folder = makeServiceFolder();
    let run: Run | null = null;
    let service: Service | null = null;
    return {
      folder,
      get service() {
        return service;
      },
      async start() {
        const begun = folder.begin(["start"], env);
        run = begun;
        void begun.ended.then(({ code, stderr }) => {
          if (run === begun) died = new Error(`A node ended by itself, with ${code}: ${stderr}`);
        });
        const listening = await folder.ready(begun).catch((error: unknown) => {
          if (run === begun) throw error;
          return null;
        });
        if (listening === null || run !== begun) return;
        service = listening;
        up.push(listening);
        for (const take of waiting) take(listening);
        waiting.clear();
      },
      async kill() {
        const dying = run;
        run = null;
        if (service !== null) up.splice(up.indexOf(service), 1);
        service = null;
        dying?.process.kill("SIGKILL");
        await dying?.ended;
      },
    };
  }

  const nodes = Array.from({ length: size }, makeNode);
  return {
    nodes,
    async anyUp() {
      if (died !== null) throw died;
      return up[turn++ % up.length] ?? new Promise<Service>((resolve) => waiting.add(resolve));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((node) => node.kill().then(node.folder.dispose)));
    },
  };
}
