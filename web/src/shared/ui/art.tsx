/** An open book with one marked line: the picture of every empty page. */
export function Art() {
  return (
    <svg aria-hidden="true" className="art" viewBox="0 0 96 96" fill="none" strokeWidth="2.5">
      <path
        d="M48 28c-7-6-17-8-30-8v48c13 0 23 2 30 8 7-6 17-8 30-8V20c-13 0-23 2-30 8z"
        stroke="currentColor"
        strokeLinejoin="round"
      />
      <path d="M48 28v48" stroke="currentColor" />
      <path
        d="M26 35h13M26 55h11M57 36h13M57 56h8"
        stroke="currentColor"
        opacity=".45"
        strokeLinecap="round"
      />
      <path d="M56 46h15" stroke="var(--marker)" strokeWidth="8" />
      <path d="M26 45h13M57 46h13" stroke="currentColor" strokeLinecap="round" />
    </svg>
  );
}
