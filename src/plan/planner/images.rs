//! Which images to pull and to build (compose-surface 3.15).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::up::Draft;
use crate::plan::desired::DesiredImage;
use crate::plan::step::{Action, ImagePull, ImageUser, Reason};

/// Images to get; each reference once, whoever uses it.
pub(super) fn plan(draft: &mut Draft<'_>) {
    let options = &draft.desired.options;
    if options.images_settled {
        return;
    }
    for (reference, users) in by_reference(draft) {
        let image = users.iter().find(|image| image.build.is_some()).unwrap_or(&users[0]);
        let present = draft.observed.image(&reference).is_some();
        let Some((action, reason)) = decide(image, &users, present, options.build) else { continue };
        let step = draft.plan.push(action, reason, Vec::new());
        draft.images.insert(reference, step);
    }
}

fn by_reference(draft: &Draft<'_>) -> BTreeMap<String, Vec<DesiredImage>> {
    let mut images: BTreeMap<String, Vec<DesiredImage>> = BTreeMap::new();
    for service in &draft.desired.services {
        if service.source.provider.is_none() && service.scale > 0 {
            for image in service.images() {
                images.entry(image.reference.clone()).or_default().push(image.clone());
            }
        }
    }
    images
}

fn decide(
    image: &DesiredImage,
    users: &[DesiredImage],
    present: bool,
    build: bool,
) -> Option<(Action, Reason)> {
    let policy = image.pull_policy.as_str();
    if let Some(request) = &image.build {
        if build || policy == "build" {
            let why = if build { "--build" } else { "pull_policy: build" };
            return Some((Action::BuildImage(Arc::clone(request)), Reason::Policy(why.to_owned())));
        }
        if !present && (!image.pullable || policy == "never") {
            return Some((Action::BuildImage(Arc::clone(request)), Reason::Missing));
        }
    }
    match policy {
        "always" if image.pullable => {
            Some((pull(image, users), Reason::Policy("pull policy: always".to_owned())))
        }
        "never" | "build" => None,
        _ if present || !image.pullable => None,
        _ => Some((pull(image, users), Reason::Missing)),
    }
}

fn pull(image: &DesiredImage, users: &[DesiredImage]) -> Action {
    Action::PullImage(ImagePull {
        image: image.reference.clone(),
        platform: image.platform.clone(),
        users: users.iter().map(|user| -> ImageUser { user.user.clone() }).collect(),
        fallback: image.build.clone(),
        optional: false,
    })
}
