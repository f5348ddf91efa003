using ViSurf.Core.Fuzz.Making;
using ViSurf.Core.Models.Weights;
using static TorchSharp.torch;

namespace ViSurf.Core.Fuzz.Surfaces;

/// <summary>
/// A sharded checkpoint whose index, shard names or links lie: refused, or every tensor comes out of the directory itself.
/// </summary>
internal sealed class ShardsSurface : ISurface
{
    private const string Folder = "sharded", Index = "model.safetensors.index.json";
    private static readonly string[] Names =
        ["../out.safetensors", "/etc/passwd", "..", ".", "", "a/b.safetensors", "a\\\\b.safetensors", "%2e%2e/x.safetensors",
            "model-00001-of-00002.safetensors\\u0000", "config.json", "CON", "link.safetensors", "loop.safetensors", "folder.safetensors",
                "~/x.safetensors"];

    private readonly string _index = Fixture.Text("qwen2_5_vl_hub", Index);

    public ShardsSurface()
    {
        Fixture.Copy("qwen2_5_vl_hub", Folder);
        File.Copy(Path.Combine(Folder, "model-00001-of-00002.safetensors"), "out.safetensors", overwrite: true);
        File.CreateSymbolicLink(Path.Combine(Folder, "link.safetensors"), Path.GetFullPath("out.safetensors"));
        File.CreateSymbolicLink(Path.Combine(Folder, "loop.safetensors"), "loop.safetensors");
        Directory.CreateDirectory(Path.Combine(Folder, "folder.safetensors"));
    }

    public void Try(Attempt attempt)
    {
        var dice = attempt.Dice;
        var index = dice.Once(2)
            ? System.Text.Encoding.UTF8.GetBytes(_index.Replace(dice.Once(2) ? "model-00001-of-00002.safetensors" : "model-00002-of-00002.safetensors", dice.Of(Names), StringComparison.Ordinal))
            : Json.Changed(dice, _index);
        attempt.Count();
        attempt.Note(Index, index);
        File.WriteAllBytes(Path.Combine(Folder, Index), index);
        attempt.Refusable(() =>
        {
            using var scope = NewDisposeScope();
            using var checkpoint = CheckpointReader.Open(Folder);
            foreach (var name in checkpoint.Names.Take(3)) checkpoint.ReadInto(name, empty([.. checkpoint.Entry(name).Shape]));
        }, Folder);
    }

    public void Dispose()
    {
    }
}
