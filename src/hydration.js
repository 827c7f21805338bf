((path) => {
    const wasm = fetch(`${path}.wasm`);
    const load = async () => {
        const islands = await import(`${path}.js`);
        await islands.default({ module_or_path: wasm });
        return islands;
    };
    const loaded = load();
    window.wake = async (part) => {
        const islands = await loaded;
        for (const island of part.querySelectorAll("leptos-island")) {
            await islands[island.dataset.component](island);
        }
    };
    addEventListener("DOMContentLoaded", async () => {
        (await loaded).hydrate();
        wake(document);
    });
    window.loadedAs = location.pathname + location.search;
    onpointerdown = onkeydown = onpopstate = () => import(`${path}/../../navigation.js`).catch(() => {});
})
