/** The sendwright: mouthpiece, one coil, bell. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg aria-hidden="true" width={size} height={size} viewBox="0 0 32 32" style={{ flex: "none" }}>
      <g
        transform="rotate(-14 16 16)"
        fill="none"
        stroke="var(--sw-mark, var(--sw-brass))"
        strokeWidth={2.4}
        strokeLinecap="round"
      >
        <circle cx="14" cy="18.7" r="6.6" />
        <path d="M3.5 12.1H17M3.5 10v4.2" />
        <path
          d="M15.5 12.1c5 0 8.5-1.7 11.7-5.6v11.2c-3.2-3.9-6.7-5.6-11.7-5.6z"
          fill="var(--sw-mark, var(--sw-brass))"
          strokeWidth={1.6}
          strokeLinejoin="round"
        />
      </g>
    </svg>
  );
}
