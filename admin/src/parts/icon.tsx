const paths = {
  chart: "M4 19.5h16M7.5 15.5v-5M12 15.5v-10M16.5 15.5V8",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5v5M9 14.5v5",
  mail: "M3.5 6h17v12h-17zM4 6.5l8 6.5 8-6.5",
  sandbox: "M3.5 13.5v5h17v-5M3.5 13.5l3-8h11l3 8M3.5 13.5h5l1.5 2.5h4l1.5-2.5h5",
  archive: "M4 5h16v4.5H4zM5.5 9.5V19h13V9.5M10 13h4",
  monitoring:
    "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
  key: "M14.5 9.5a4 4 0 1 0-3.2 3.9l1.7 1.6h2v2h2v2h3v-3l-5.7-5.7c.1-.3.2-.5.2-.8zM9.5 8.5h.01",
  book: "M4.5 5h5a2.5 2.5 0 0 1 2.5 2.5V20a2 2 0 0 0-2-2H4.5zM19.5 5h-5A2.5 2.5 0 0 0 12 7.5V20a2 2 0 0 1 2-2h5.5z",
  signOut: "M10 4.5H5v15h5M9.5 12H20M16.5 8.5 20 12l-3.5 3.5",
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6 6 18",
  check: "M5 12.5l4.5 4.5L19 7.5",
  cross: "M7 7l10 10M17 7 7 17",
  warning: "M12 4 2.8 19.5h18.4zM12 10v4.5M12 17v.01",
  info: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 11v5M12 8v.01",
  dash: "M7 12h10",
  clock: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.5V12l3 2",
  question: "M9 9.2a3 3 0 1 1 4.4 2.7c-.9.5-1.4 1.1-1.4 2.1M12 17.2v.01",
  half: "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16",
  arrowRight: "M4 12h15M13.5 6.5 19 12l-5.5 5.5",
  chevronRight: "M9.5 6l6 6-6 6",
  chevronLeft: "M14.5 6l-6 6 6 6",
  chevronUp: "M6 14.5l6-6 6 6",
  chevronDown: "M6 9.5l6 6 6-6",
  copy: "M9 9h10.5v10.5H9zM15 9V4.5H4.5V15H9",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 20 20",
  plus: "M12 5v14M5 12h14",
  trash: "M4.5 7h15M9.5 7V4.5h5V7M6.5 7l1 12.5h9l1-12.5M10 10.5v5.5M14 10.5v5.5",
  template: "M5 4.5h14v15H5zM5 9h14M10 9v10.5",
  brush:
    "M20 4c-5 2-9 5.5-11 9.5l2 2C15 13.5 18.5 9 20 4zM8 14.5c-2 0-3 1.5-3 3 0 1-.7 1.8-1.5 2 3 .8 6.5-.2 6.5-3z",
  list: "M8.5 6.5H20M8.5 12H20M8.5 17.5H20M4.5 6.5h.01M4.5 12h.01M4.5 17.5h.01",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20c.8-3.5 3.8-5 7.5-5s6.7 1.5 7.5 5",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M18.4 5.6 17 7M7 17l-1.4 1.4",
  moon: "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z",
  external: "M13.5 4.5h6v6M19.5 4.5 11 13M17 14v5.5H4.5V7H10",
  retry: "M19.5 12a7.5 7.5 0 1 1-2.3-5.4M19.5 4v4h-4",
} as const;

export type IconName = keyof typeof paths;

/** A drawing beside words that say the same: hidden from screen readers. */
export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.75}
      strokeLinecap="round"
      strokeLinejoin="round"
      style={{ flex: "none" }}
    >
      <path d={paths[name]} />
    </svg>
  );
}
