import { type IconName, icons } from "./icons"

/** An icon; it is hidden from those who cannot see it, so a word stands beside it or label names it. */
export function Icon({ name, small, label, class: more }: { name: IconName; small?: boolean; label?: string; class?: string }) {
	return (
		<svg class={"i" + (small ? " s" : "") + (more ? " " + more : "")} viewBox="0 0 16 16" role={label ? "img" : undefined} aria-label={label} aria-hidden={label ? undefined : "true"}>
			<path d={icons[name]} />
		</svg>
	)
}
