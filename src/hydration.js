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
        const link = click.isTrusted && click.target.closest("a");
        const island = link && link.closest("leptos-island");
        if (!island || island.isAwake) return;
        click.preventDefault();
        const press = (left) => island.isAwake || !left ? link.click() : setTimeout(press, 100, left - 1);
        press(100);
    };
    window.loadedAs = location.pathname + location.search;
    onpointerdown = onkeydown = onpopstate = () => import(`${path}/../../navigation.js`).catch(() => {});
})
