#!/usr/bin/env bash
# Builds three.min.js, the part of three.js that the viewer uses, from npm. Needs node and npm; run it to change versions.
set -euo pipefail
three=0.187.0 esbuild=0.28.2
assets="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent "three@$three" "esbuild@$esbuild"
cat >entry.js <<'JS'
export {
  BufferAttribute, BufferGeometry, Color, DirectionalLight, DoubleSide, Fog, Group, HemisphereLight,
  InstancedBufferAttribute, InstancedBufferGeometry, LineBasicMaterial, LineSegments, Mesh, MeshBasicMaterial,
  MeshDepthMaterial, MeshLambertMaterial, PCFShadowMap, PerspectiveCamera, PlaneGeometry, Points, PointsMaterial,
  RGBADepthPacking, Scene, ShadowMaterial, Vector2, Vector3, WebGLRenderer,
} from "three";
export { OrbitControls } from "three/addons/controls/OrbitControls.js";
JS
npx esbuild entry.js --bundle --minify --format=iife --global-name=THREE --charset=ascii --legal-comments=none \
  --banner:js="/* three.js r${three#0.}, https://threejs.org, MIT licence, see three.LICENSE */" \
  --outfile="$assets/three.min.js"
cp node_modules/three/LICENSE "$assets/three.LICENSE"
cd "$assets"
sha256sum three.min.js three.LICENSE >three.sha256
