use crate::{
    cli::{Exit, Failure, output, way::Where},
    modules::biscuit::RevokeRequest,
};

/// The command's arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The revocation ids of blocks, in hex. `assay biscuit inspect` shows those of a token.
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
    #[command(flatten)]
    place: Where,
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let request = RevokeRequest {
        revocation_ids: arguments.ids,
    };
    let reply = arguments
        .place
        .to_read()
        .await?
        .revoke_biscuits(&request)
        .await?;
    output::print_line(&match reply.revoked {
        0 => "nothing to do: all of it was revoked before".to_owned(),
        1 => "revoked 1 block".to_owned(),
        many => format!("revoked {many} blocks"),
    })?;
    Ok(Exit::Done)
}
