"""The kinds of simulated devices, one module each."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field

from .artnet import ArtnetDevice
from .ascii2 import Ascii2Device
from .audio_analyser import AudioAnalyserDevice
from .base import SimDevice
from .camera import CameraDevice
from .carriage import CarriageDevice
from .cl200a import Cl200aDevice
from .digital_io import DigitalIoDevice
from .hmp import HmpDevice
from .manual import ManualDevice
from .modbus import ModbusDevice
from .mqtt_meter import MqttMeterDevice
from .natnet import NatnetDevice
from .pt100_scanner import ScannerDevice
from .ros2_robot import Ros2RobotDevice
from .scene_server import SceneServerDevice
from .scpi import ScpiInstrumentDevice
from .sign_panel import PanelDevice
from .simserv import SimservDevice
from .synthetic import SyntheticDevice
from .t10a import T10aDevice
from .ur_rtde import UrRtdeDevice
from .video import VideoDevice

AnyDevice = Annotated[
    ArtnetDevice
    | Ascii2Device
    | AudioAnalyserDevice
    | CameraDevice
    | CarriageDevice
    | Cl200aDevice
    | DigitalIoDevice
    | HmpDevice
    | ManualDevice
    | ModbusDevice
    | MqttMeterDevice
    | NatnetDevice
    | PanelDevice
    | Ros2RobotDevice
    | ScannerDevice
    | SceneServerDevice
    | ScpiInstrumentDevice
    | SimservDevice
    | SyntheticDevice
    | T10aDevice
    | UrRtdeDevice
    | VideoDevice,
    Field(discriminator="kind"),
]
"""Any of them, told by its ``kind``."""

KINDS: dict[str, type[SimDevice]] = {
    get_args(device.model_fields["kind"].annotation)[0]: device for device in get_args(get_args(AnyDevice)[0])
}
"""The class of each kind, by the name of its driver."""
