/// What hosts share through the API beside their Host objects.
@NullMarked
package dev.monopod.kube.host;

import org.jspecify.annotations.NullMarked;
