const paths = {
  today: "M4 11.5 12 5l8 6.500M6.5 10v9h11v-9",
  courses:
    "M5 5.500A1.5 1.5 0 0 1 6.5 4H19v13.500H6.500A1.5 1.5 0 0 0 5 19zm0 13.500a1.5 1.5 0 0 0 1.5 1.500H19v-3",
  bell: "M6.5 16.500V11a5.5 5.5 0 0 1 11 0v5.500l1.5 1.500H5zM10 20.500h4",
  settings: "M4 7h9m5 0h2M4 17h2m5 0h9M15.5 4.800v4.400M8.5 14.800v4.4",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13m4.7-1.800L20 20",
  plus: "M12 5v14M5 12h14",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  close: "M6 6l12 12M18 6 6 18",
  back: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  upload: "M12 16V5m-4.5 4L12 4.5 16.5 9M5 19.500h14",
  check: "M5 12.5 10 17.5 19.5 7",
  warning: "M12 4 3.5 19h17zM12 10v4m0 2.500v.1",
  contents: "M4 6h16M4 12h10M4 18h13",
  pencil: "M5 19l1-4L16.5 4.500l3 3L9 18z",
  trash: "M5 7h14M10 7V4.500h4V7m-7.5 0 1 13h9l1-13",
  retry: "M19 12a7 7 0 1 1-2.2-5.100M19 4v4h-4",
  page: "M7 3.500h7l4 4v13H7zM14 3.500v4h4M10 12h5m-5 4h5",
  people:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7m-6.5 9a6.5 6.5 0 0 1 13 0M16 4.300a3.5 3.5 0 0 1 0 6.400m2.5 3.300a6.5 6.5 0 0 1 3 6",
  copy: "M9 9h11v11H9zM15 9V4H4v11h5",
  out: "M14 4.500h5v15h-5M4.5 12H15m-4-4 4 4-4 4",
  minus: "M5 12h14",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6",
} as const;

export type IconName = keyof typeof paths;

/** Decoration beside words; a button that shows only an icon carries its own label. */
export function Icon({ name, className = "icon" }: { name: IconName; className?: string }) {
  return (
    <svg
      aria-hidden="true"
      className={className}
      data-icon={name}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === "more" ? 3.2 : 1.7}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={paths[name]} />
    </svg>
  );
}
