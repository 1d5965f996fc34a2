/// What Fargate excludes, in EKS' words. Pure: depends on nothing but the JDK.
@NullMarked
package dev.monopod.model.support;

import org.jspecify.annotations.NullMarked;
