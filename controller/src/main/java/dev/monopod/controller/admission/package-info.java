/// The admission webhooks: pods are completed and judged, profiles and subnets are judged. Depends
/// on `kube` and the model only. Fails closed for pods that a profile selects, and nowhere else.
@NullMarked
package dev.monopod.controller.admission;

import org.jspecify.annotations.NullMarked;
