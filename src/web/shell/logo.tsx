export function Logo({ small = false }: { small?: boolean }) {
  return (
    <span className="flex items-center gap-2 font-semibold">
      <svg
        aria-hidden
        viewBox="0 0 20 20"
        className="size-5 text-ink"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.8"
        strokeLinecap="round"
      >
        <circle cx="10" cy="6" r="3.6" />
        <path d="M10 9.6V18M10 13.6h3M10 18h2.4" />
      </svg>
      <span className={small ? 'sr-only' : undefined}>Latchkey</span>
    </span>
  )
}
