/// The life of Fargate profiles, and the VPC that a new cluster begins with. Depends on the `kube`
/// module only.
@NullMarked
package dev.monopod.controller.profile;

import org.jspecify.annotations.NullMarked;
