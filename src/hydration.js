((path) => {
    const wasm = fetch(`${path}.wasm`);
    const load = async () => {
        const islands = await import(`${path}.js`);
        await islands.default({ module_or_path: wasm });
        return islands;
    };
    const loaded = load();
    addEventListener("DOMContentLoaded", async () => {
        const islands = await loaded;
        islands.hydrate();
        for (const island of document.querySelectorAll("leptos-island")) {
            island.closest("leptos-children")?.$$on_hydrate?.();
            await islands[island.dataset.component](island);
        }
    });
})
