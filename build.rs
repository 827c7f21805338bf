//! Puts the built site into a release binary.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=migrations");
    let release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    if cfg!(feature = "ssr") && release {
        memory_serve_site();
    }
}

#[cfg(feature = "ssr")]
fn memory_serve_site() {
    let site = std::path::Path::new("target/site");
    assert!(
        site.join("pkg/ticketping-leptos.wasm").exists(),
        "target/site is not built yet: run `make release`, which builds the front end first"
    );
    memory_serve::load_directory(site);
}

#[cfg(not(feature = "ssr"))]
fn memory_serve_site() {}
