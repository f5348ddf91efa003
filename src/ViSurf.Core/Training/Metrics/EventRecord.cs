using System.Buffers.Binary;
using System.Numerics;

namespace ViSurf.Core.Training.Metrics;

/// <summary>
/// An event in TensorBoard's format: a TFRecord (length, its checksum, data, its checksum) around the protocol buffer <c>tensorflow.Event</c>, of which
/// this writes the five fields that scalars need.
/// </summary>
internal static class EventRecord
{
    /// <summary>The first event of a file.</summary>
    public static byte[] Version(double time) => Record(time, null, Bytes(3, "brain.Event:2"u8));

    /// <summary>Tells TensorBoard to forget what it has of this step and later ones: <c>session_log { status: START }</c>.</summary>
    public static byte[] Restart(double time, long step) => Record(time, step, Bytes(7, [0x08, 0x01]));

    /// <summary>All scalars of a step.</summary>
    public static byte[] Scalars(double time, long step, IEnumerable<StepMetric> metrics) => Record(time, step, Bytes(5, [.. metrics.SelectMany(Value)]));

    /// <summary><c>Summary.Value { tag = 1, simple_value = 2 }</c>, inside <c>Summary { value = 1 }</c>.</summary>
    private static byte[] Value(StepMetric metric)
    {
        var number = new byte[5];
        number[0] = 2 << 3 | 5;
        BinaryPrimitives.WriteSingleLittleEndian(number.AsSpan(1), (float)metric.Value);
        return Bytes(1, [.. Bytes(1, System.Text.Encoding.UTF8.GetBytes(metric.Name)), .. number]);
    }

    /// <summary><c>Event { wall_time = 1, step = 2, … }</c>.</summary>
    private static byte[] Record(double time, long? step, byte[] what)
    {
        var head = new byte[9];
        head[0] = 1 << 3 | 1;
        BinaryPrimitives.WriteDoubleLittleEndian(head.AsSpan(1), time);
        byte[] data = [.. head, .. step is { } s ? [2 << 3, .. Number((ulong)s)] : Array.Empty<byte>(), .. what];
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, data.Length);
        return [.. length, .. Checksum(length), .. data, .. Checksum(data)];
    }

    private static byte[] Bytes(int field, ReadOnlySpan<byte> data) => [(byte)(field << 3 | 2), .. Number((ulong)data.Length), .. data];

    /// <summary>Seven bits at a time, the lowest first; the top bit says that more follow.</summary>
    private static byte[] Number(ulong value)
    {
        var bytes = new List<byte>();
        for (; value > 0x7F; value >>= 7) bytes.Add((byte)(value | 0x80));
        return [.. bytes, (byte)value];
    }

    /// <summary>CRC-32C, rotated and shifted as the format asks, so that a checksum of data with checksums in it stays a good one.</summary>
    private static byte[] Checksum(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var b in data) crc = BitOperations.Crc32C(crc, b);
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, BitOperations.RotateRight(~crc, 15) + 0xA282EAD8);
        return bytes;
    }
}
