# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes a coach file of any size in the manner of real ones: templates that build on each other, a status and a command
section a DGN pair, and command entries that merge the status entry of their device."""

import os

INSTANCES = 250  # of a DGN; two devices at each

HEAD = """coach_info: {year: "2024", make: Bench, model: Mark, trim: "%d", notes: Made for measurements}

file_metadata:
  version: "1.0.0"
  immutable_fields: [entity_id, device_type]
  runtime_editable_fields: [friendly_name, area, suggested_area, groups, notes, interface]

validation_rules:
  entity_validation:
    required_fields: [entity_id, friendly_name, device_type, capabilities]
    entity_id_pattern: "^[a-z][a-z0-9_]*[a-z0-9]$"
    supported_device_types: [light, lock, fan, sensor]

global_defaults: &global_defaults
  interface: house
  group_mask: "0x7C"
  timeout: 5000
  retry_count: 3
  protocol_version: "rvc_2023"

templates:
  base_device: &base_device
    <<: *global_defaults
    enabled: true
    manufacturer: "Bench"
  rvc_device: &rvc_device
    <<: *base_device
    protocol: "rvc"
    can_arbitration_id_formula: "(0x18 << 24) | (dgn << 8) | source_address"
  light_base: &light_base
    device_type: light
    category: lighting
    power_type: "12V_DC"
  dimmable_light: &dimmable_light
    <<: [*light_base, *rvc_device]
    capabilities: [on_off, brightness]
    brightness_levels: 255
    brightness_range: [0, 100]

areas:
  interior: {display_name: Interior, zones: {bedroom: {display_name: Bedroom}, salon: {display_name: Salon}}}

"""

STATUS = """    - &device_{number:05d}
      entity_id: {name}
      friendly_name: "{friendly}"
      area: interior.{area}
      <<: *dimmable_light
"""

COMMAND = """    - <<: *device_{number:05d}
      command_type: dimmer
      status_dgn: "{status:05X}"
"""

# So little of each device that the most components of a file have room in it.
SMALL = """    - entity_id: {name}
      friendly_name: "{friendly}"
      area: interior.{area}
      device_type: light
      capabilities: [on_off]
"""


def model_name(n_devices):
    return f"2024_Bench_{n_devices}"


def device(number, release):
    """What a release says of a device. The first says the same of all; "next" changes one field of a tenth, drops and
    renames one in a hundred each; "all" changes several fields of each."""
    name, more = f"device_{number:05d}", ""
    friendly, area = f"Device number {number}!", ("bedroom", "salon")[number % 2]
    if release == "next":
        if number % 100 == 37:
            return None
        if number % 100 == 51:
            more = f"      renamed_from: {name}\n"
            name = f"renamed_{number:05d}"
        elif number % 10 == 3:
            friendly = f"Device number {number}, revised"
    elif release == "all":
        friendly, area = f"Device number {number}, anew", ("salon", "bedroom")[number % 2]
        more = f"      maximum_power: {number}\n      groups: [lights, {area}]\n"
    return name, friendly, area, more


def write_section(file, dgn, entry, numbers, release, status):
    file.write(f"{dgn:05X}:\n")
    instance = None
    for number in numbers:
        says = device(number, release)
        if not says:
            continue
        if number // 2 % INSTANCES != instance:
            instance = number // 2 % INSTANCES
            file.write(f"  {instance}:\n")
        name, friendly, area, more = says
        file.write(entry.format(number=number, name=name, friendly=friendly, area=area, status=status))
        if entry is not COMMAND:
            file.write(more)


def write_coach(path, n_devices, release="first", small=False):
    """A coach file. The newer releases of "next" have a hundredth more devices."""
    last = n_devices + (n_devices // 100 if release == "next" else 0)
    with open(path, "w", encoding="utf-8") as file:
        file.write(HEAD % n_devices if release == "first" else (HEAD % n_devices).replace('"1.0.0"', '"1.1.0"'))
        for first in range(0, last, 2 * INSTANCES):
            status = 0x1F000 + 2 * (first // (2 * INSTANCES))
            numbers = range(first, min(first + 2 * INSTANCES, last))
            entries = ((status, SMALL),) if small else ((status, STATUS), (status + 1, COMMAND))
            for dgn, entry in entries:
                write_section(file, dgn, entry, numbers, release, status)


def make_folder(path, sizes, release="first", small=False):
    """A folder for --development with a coach of each size."""
    os.makedirs(os.path.join(path, "coaches"), exist_ok=True)
    for n_devices in sizes:
        write_coach(os.path.join(path, "coaches", model_name(n_devices) + ".yml"), n_devices, release, small)
    return path
