//! nginx, which serves the same file from a folder.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::Result;
use crate::connection::Connection;

/// An nginx that serves one folder; it ends when this is dropped.
pub struct Nginx {
    child: Child,
    pub address: SocketAddr,
}

impl Nginx {
    pub fn start(folder: &Path, name: &str, bytes: &[u8]) -> Result<Self> {
        let root = folder.join("nginx");
        fs::create_dir_all(root.join("files"))?;
        fs::write(root.join("files").join(name), bytes)?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let root_text = root.display();
        let configuration = format!(
            "user root; worker_processes auto; pid {root_text}/pid; error_log {root_text}/error;\n\
             events {{ worker_connections 1024; }}\n\
             http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 10000000; keepalive_timeout 600;\n\
             server {{ listen 127.0.0.1:{port}; root {root_text}/files; }} }}\n"
        );
        fs::write(root.join("nginx.conf"), configuration)?;
        let child = Command::new("nginx")
            .arg("-c")
            .arg(root.join("nginx.conf"))
            .args(["-g", "daemon off;"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|cause| format!("nginx is not installed ({cause})"))?;
        Ok(Self { child, address: ([127, 0, 0, 1], port).into() })
    }

    /// Waits for its first answer.
    pub async fn answering(&self, request: &[u8]) -> Result<()> {
        for _ in 0..200 {
            if let Ok(mut connection) = Connection::open(self.address).await {
                let answer = connection.exchange(request).await?;
                return if answer.status == 200 {
                    Ok(())
                } else {
                    Err(format!("nginx answers {}", answer.status).into())
                };
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err("nginx does not answer".into())
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its workers end with the master only if that is asked, not killed.
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        if asked.is_ok_and(|status| status.success()) {
            let _ = self.child.wait();
        }
    }
}
