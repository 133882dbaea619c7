import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  // Relative addresses: the server's <base href> says under which path the pages live.
  base: "./",
  plugins: [react()],
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
    proxy: {
      // The pages themselves also live under /api/docs; only what answers JSON goes to the server.
      "^/api/(?!docs)": "http://127.0.0.1:4650",
    },
  },
});
