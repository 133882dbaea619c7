import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Where the service listens while the pages are developed (`npm run dev`). */
const service = `http://127.0.0.1:${process.env.SENDWRIGHT_PORT ?? "4650"}`;
/** The path under which people reach the pages, with a slash at its end: `/` or `/mail/`. */
const basePath = new URL("./", `${process.env.SENDWRIGHT_PUBLIC_URL ?? service}/`).pathname;

/** What the service does when it serves the built pages: it writes its base path into them. */
const servedBasePath: Plugin = {
  name: "served-base-path",
  apply: "serve",
  transformIndexHtml: (html) => html.replace(/<base href="[^"]*"/, () => `<base href="${basePath}"`),
};

export default defineConfig(({ command }) => ({
  // Relative addresses when built: the server's <base href> says under which path the pages live.
  base: command === "build" ? "./" : basePath,
  plugins: [react(), servedBasePath],
  build: {
    outDir: "../dist/admin",
    emptyOutDir: true,
    // The content security policy knows no data: fonts or scripts; small files stay files.
    assetsInlineLimit: 0,
    reportCompressedSize: true,
    // The editor of templates is one script of 620 kB, which its pages alone fetch.
    chunkSizeWarningLimit: 700,
  },
  server: {
    host: "127.0.0.1",
    strictPort: true,
    proxy: {
      // The page /api/docs is one of these pages; everything else below /api answers JSON or events. The Host
      // header goes through as it came: the service compares it with Origin.
      [`^${basePath}(api/(?!docs(?:$|\\?))|oauth/callback|metrics$)`]: service,
    },
  },
}));
