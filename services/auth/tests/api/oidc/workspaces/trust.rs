//! Beginning to trust a provider of a workspace.

use serde_json::{Value, json};

use super::super::provider::CLIENT_ID;
use super::company::{Company, WORKSPACE, path};

/// whoever begins to trust a provider says whom: an administrator of the workspace who changes it after the operator
/// has looked gains nothing by that.
#[tokio::test]
async fn what_is_trusted_is_what_was_checked() {
    let company = Company::start(true).await;
    let (admin, operator) = (&company.admin.client, company.operator().await.client);
    let id = company.create(admin, &company.body()).await.expect(201).text("/id");
    let one = format!("{}/{id}", path(WORKSPACE));
    let swapped = json!({"allowed_domains": ["elsewhere.test"], "client_id": "another", "mfa_acr": ["any"]});
    admin.put(&one, &swapped).await.expect(200);
    let cases: [(Value, &[&str]); 4] = [
        (json!({"trusts_email": true}), &["allowed_domains", "client_id"]),
        (json!({"trusts_email": true, "allowed_domains": ["example.test"]}), &["client_id"]),
        (json!({"trust_mfa": true}), &["allowed_domains", "client_id", "mfa_acr"]),
        (json!({"trust_mfa": true, "allowed_domains": [], "client_id": CLIENT_ID}), &["mfa_acr"]),
    ];
    for (body, missing) in cases {
        let refused = operator.put(&one, &body).await.expect(400);
        assert_eq!(refused.error_code(), "VALIDATION_ERROR", "{body}");
        assert_eq!(refused.error_fields(), missing, "{body}");
    }
    let whole = json!({
        "trusts_email": true, "trust_mfa": true, "allowed_domains": ["example.test"], "client_id": CLIENT_ID,
        "mfa_acr": ["gold"]
    });
    let trusted = operator.put(&one, &whole).await.expect(200);
    for name in ["allowed_domains", "client_id", "mfa_acr"] {
        assert_eq!(trusted.value(&format!("/{name}")), whole[name], "{name}");
    }
    // Nobody else changes it from now on.
    let more = operator.put(&one, &json!({"link_by_address": true})).await.expect(200);
    assert_eq!(more.value("/allowed_domains"), whole["allowed_domains"]);
}
