//! Serves the example at the address and from the folder that are its two arguments.

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:3002".to_owned());
    let site = arguments.next().unwrap_or_else(|| "target/example".to_owned());
    let router = full_hydration::server::router(&format!("http://{address}"), &site);
    let listener = tokio::net::TcpListener::bind(&address).await?;
    println!("Open http://{address}");
    axum::serve(listener, router).await
}
