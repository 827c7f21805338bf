// The README's charts: one bar a row, in the colours of either theme.
export const whole = (number) => Math.round(number).toLocaleString("en");

/** An SVG of requests a second; `rows` are `{ name, rate, ours }`, and `below` says where and when. */
export function chart(title, rows, below) {
    const most = Math.max(...rows.map(({ rate }) => rate));
    const bars = rows.map(({ name, rate, ours }, row) => {
        const width = Math.max(2, (rate / most) * 400);
        return `<text x="210" y="${row * 30 + 39}" text-anchor="end">${name}</text>` +
            `<rect x="220" y="${row * 30 + 25}" width="${width.toFixed(1)}" height="20" rx="3" class="${ours ? "ours" : "other"}"/>` +
            `<text x="${(228 + width).toFixed(1)}" y="${row * 30 + 39}">${whole(rate)}</text>`;
    });
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 700 ${bars.length * 30 + 60}" role="img" aria-label="${title}">
<style>text{font:13px system-ui,sans-serif;fill:#24292f}.ours{fill:#4f46e5}.other{fill:#9aa4b2}@media (prefers-color-scheme:dark){text{fill:#e6edf3}.ours{fill:#818cf8}.other{fill:#57606a}}</style>
<text x="220" y="14">${title}</text>
${bars.join("\n")}
<text x="220" y="${bars.length * 30 + 46}">${below}</text>
</svg>
`;
}
