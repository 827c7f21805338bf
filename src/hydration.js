((path) => {
    const wasm = fetch(`${path}.wasm`);
    const loaded = (async () => {
        const islands = await import(`${path}.js`);
        await islands.default({ module_or_path: wasm });
        return islands;
    })();
    window.wakeIslands = async (part) => {
        const islands = await loaded;
        for (const island of part.querySelectorAll("leptos-island")) {
            if (island.isAwake) continue;
            island.isAwake = true;
            island.closest("leptos-children")?.$$on_hydrate?.();
            await islands[island.dataset.component](island);
        }
    };
    addEventListener("DOMContentLoaded", async () => {
        (await loaded).hydrate();
        wakeIslands(document);
    });
    onclick = (click) => {
        const link = click.target.closest?.("leptos-island a");
        if (!link || link.closest("leptos-island").isAwake) return;
        click.preventDefault();
        loaded.then(() => setTimeout(() => link.click(), 50), () => location.assign(link.href));
    };
    window.loadedAs = location.pathname + location.search;
    onpointerdown = onkeydown = onpopstate = () => import(`${path}/../../navigation.js`).catch(() => {});
})
