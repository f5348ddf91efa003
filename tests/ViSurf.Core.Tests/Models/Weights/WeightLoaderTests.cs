using System.Buffers.Binary;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using ViSurf.Core.Common;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.Weights;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Models.Weights;

[Collection(Alone.Name)]
public sealed class WeightLoaderTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Any_number_of_threads_reads_the_same_numbers(int threads)
    {
        var tensors = Enumerable.Range(0, 40).Select(i => ($"t{i}", randn(17 * i + 1, 91).to_type(i % 2 == 0 ? ScalarType.BFloat16 : ScalarType.Float32))).ToArray();
        CheckpointWriter.Write(_folder.Path, tensors, maxShardBytes: 100_000);
        using var checkpoint = CheckpointReader.Open(_folder.Path);
        var parameters = tensors.ToDictionary(t => t.Item1, t => new Parameter(zeros(t.Item2.shape)));
        WeightLoader.Load(parameters, checkpoint, name => name, null, threads);
        foreach (var (name, value) in tensors) parameters[name].eq(value.to_type(ScalarType.Float32)).all().item<bool>().Should().BeTrue(name);
    }

    [Fact]
    public void A_tensor_of_several_pieces_is_put_together_in_order()
    {
        var pieces = StagingBuffers.Bytes / 2 * 5 / 2 + 3;   // two and a half buffers of bfloat16, and a bit
        var values = ScalarOps.Range(pieces).remainder(Scalars.Of(251)).to_type(ScalarType.BFloat16);
        SafeTensorsWriter.Write(_folder.File("a"), [("x", values)]);
        using var file = SafeTensorsReader.Open(_folder.File("a"));
        file.Read("x").to(TestDevice.Value).eq(values).all().item<bool>().Should().BeTrue();
        var wide = zeros(pieces);
        file.ReadInto("x", wide);
        wide.eq(values.to_type(ScalarType.Float32)).all().item<bool>().Should().BeTrue();
    }

    [Fact]
    public void A_tensor_beyond_two_gigabytes_is_read_to_its_last_number()
    {
        // A sparse file: float64 [1, 2²⁸ + 5], one row of 2 GiB and 40 bytes, into a quarter of that memory.
        const long Numbers = (1L << 28) + 5;
        var header = System.Text.Encoding.UTF8.GetBytes($$"""{ "x": { "dtype": "F64", "shape": [1, {{Numbers}}], "data_offsets": [0, {{8 * Numbers}}] } }""");
        using (var stream = File.Create(_folder.File("large")))
        {
            var prefix = new byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(prefix, header.Length);
            stream.Write(prefix);
            stream.Write(header);
            stream.SetLength(8 + header.Length + 8 * Numbers);
            foreach (var (index, value) in new[] { (0L, 1.5), (Numbers - 6, -2.0), (Numbers - 1, 3.0) })
            {
                BinaryPrimitives.WriteDoubleLittleEndian(prefix, value);
                stream.Position = 8 + header.Length + 8 * index;
                stream.Write(prefix);
            }
        }
        using var file = SafeTensorsReader.Open(_folder.File("large"));
        using var narrow = empty([1, Numbers], ScalarType.BFloat16);
        file.ReadInto("x", narrow);
        var read = tensor(new[] { 0, 1, Numbers - 6, Numbers - 2, Numbers - 1 });
        narrow[0].index_select(0, read).to_type(ScalarType.Float32).data<float>().ToArray().Should().Equal(1.5f, 0, -2, 0, 3);
    }

    [CpuTheory("weighs resident memory")]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Loading_peaks_at_no_more_than_15_percent_above_the_tensors_themselves(ScalarType stored)
    {
        // 268 MB of float32 in memory, half of it in one tensor: a copy of that one alone would be 50 or 25 percent.
        const long Size = 1 << 25;
        (string, Tensor)[] tensors = [("large", ones(Size, stored)), .. Enumerable.Range(0, 16).Select(i => ($"t{i}", ones(Size / 16, stored)))];
        CheckpointWriter.Write(_folder.Path, tensors, maxShardBytes: 40_000_000);
        foreach (var (_, value) in tensors) value.Dispose();
        using var checkpoint = CheckpointReader.Open(_folder.Path);
        GC.Collect();
        GC.WaitForPendingFinalizers();

        using var memory = new PeakMemory();
        var parameters = checkpoint.Names.ToDictionary(name => name, name => new Parameter(empty(checkpoint.Entry(name).Shape.ToArray())));
        WeightLoader.Load(parameters, checkpoint, name => name);
        var bytes = parameters.Values.Sum(p => p.numel() * p.element_size());
        ((double)memory.Growth).Should().BeInRange(0.5 * bytes, 1.15 * bytes);
        foreach (var parameter in parameters.Values) parameter.Dispose();
    }

    [Fact]
    public void Progress_counts_every_byte_once_and_names_every_tensor()
    {
        var reports = new Reports();
        using var policy = QwenVlPolicy.FromDirectory(Fixtures.PathOf("qwen2_5_vl_hub"), new QwenVlOptions { Device = TestDevice.Value, Progress = reports });
        using var checkpoint = CheckpointReader.Open(Fixtures.PathOf("qwen2_5_vl_hub"));
        reports.Seen.Select(r => r.Tensor).Should().BeEquivalentTo(checkpoint.Names);
        reports.Seen.Select(r => r.BytesDone).Should().BeInAscendingOrder();
        var total = checkpoint.Names.Sum(n => checkpoint.Entry(n).Bytes);
        reports.Seen.Should().OnlyContain(r => r.BytesTotal == total);
        reports.Seen[^1].BytesDone.Should().Be(total);
    }

    [Fact]
    public void What_the_callback_throws_arrives_as_it_is()
    {
        var load = () => QwenVlPolicy.FromDirectory(Fixtures.PathOf("qwen2_5_vl_hub"), new QwenVlOptions { Device = TestDevice.Value, Progress = new Stop() }).Dispose();
        load.Should().Throw<OperationCanceledException>().WithMessage("enough");
    }

    [Fact]
    public void A_file_that_shrinks_while_it_is_open_is_an_error_and_not_zeros()
    {
        SafeTensorsWriter.Write(_folder.File("a"), [("x", ones(1000))]);
        using var file = SafeTensorsReader.Open(_folder.File("a"));
        using (var stream = new FileStream(_folder.File("a"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) stream.SetLength(stream.Length - 100);
        var read = () => file.Read("x");
        read.Should().Throw<EndOfStreamException>().WithMessage("*shorter*");
    }

    [Fact]
    public void Memory_that_is_not_contiguous_is_refused()
    {
        SafeTensorsWriter.Write(_folder.File("a"), [("x", ones(3, 2))]);
        using var file = SafeTensorsReader.Open(_folder.File("a"));
        var read = () => file.ReadInto("x", zeros(2, 3).t());
        read.Should().Throw<ArgumentException>().WithMessage("*contiguous*strides [1, 3]*");
    }

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    private sealed class Reports : IProgress<LoadProgress>
    {
        public List<LoadProgress> Seen { get; } = [];

        public void Report(LoadProgress value) => Seen.Add(value);
    }

    private sealed class Stop : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value) => throw new OperationCanceledException("enough");
    }
}
