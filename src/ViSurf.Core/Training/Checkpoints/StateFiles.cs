using System.Text.Json;
using System.Text.Json.Nodes;
using ViSurf.Core.Models.Weights;

namespace ViSurf.Core.Training.Checkpoints;

/// <summary>
/// The state of all parts: <c>state.json</c> with the values of each by its key, and a safetensors file of its own for each that has tensors.
/// </summary>
internal sealed class StateFiles : IDisposable
{
    private const string ValuesFile = "state.json", TensorsFile = ".safetensors";

    private readonly JsonObject _values;
    private readonly Dictionary<string, SafeTensorsReader> _tensors;

    private StateFiles(JsonObject values, Dictionary<string, SafeTensorsReader> tensors) => (_values, _tensors) = (values, tensors);

    public static void Write(string directory, IReadOnlyList<CheckpointPart> parts)
    {
        if (parts.GroupBy(part => part.Key).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new ArgumentException($"Expected every part of a checkpoint to have its own key, got '{twice.Key}' twice.", nameof(parts));
        var values = new JsonObject();
        foreach (var part in parts)
        {
            var state = part.Save();
            values.Add(part.Key, state.Values?.DeepClone());
            if (state.Tensors.Count > 0) SafeTensorsWriter.Write(Path.Combine(directory, part.Key + TensorsFile), state.Tensors);
        }
        using var file = File.Create(Path.Combine(directory, ValuesFile));
        using var json = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true });
        values.WriteTo(json);
    }

    /// <exception cref="InvalidDataException">The checkpoint has other parts.</exception>
    public static StateFiles Open(string directory, IReadOnlyList<CheckpointPart> parts)
    {
        var path = Path.Combine(directory, ValuesFile);
        // A replay buffer may be larger than the files that BoundedFile is for; the mark has vouched for this one.
        var values = JsonNode.Parse(File.ReadAllBytes(path)) as JsonObject ?? throw new InvalidDataException($"Expected an object in '{path}', got something else.");
        var (saved, here) = (values.Select(v => v.Key).ToArray(), parts.Select(p => p.Key).ToArray());
        var problems = saved.Except(here).Select(key => $"'{key}' is in the checkpoint and not in this run")
            .Concat(here.Except(saved).Select(key => $"'{key}' is in this run and not in the checkpoint")).ToArray();
        if (problems.Length > 0)
            throw new InvalidDataException($"The checkpoint '{directory}' holds the state of other parts: {string.Join("; ", problems)}. Make the run of the same parts (TrainerParts.State).");
        var tensors = new Dictionary<string, SafeTensorsReader>();
        try
        {
            foreach (var key in here.Where(key => File.Exists(Path.Combine(directory, key + TensorsFile))))
                tensors.Add(key, SafeTensorsReader.Open(Path.Combine(directory, key + TensorsFile)));
            return new StateFiles(values, tensors);
        }
        catch
        {
            foreach (var file in tensors.Values) file.Dispose();
            throw;
        }
    }

    public void Restore(IReadOnlyList<CheckpointPart> parts)
    {
        foreach (var part in parts)
        {
            try
            {
                part.Restore(new SavedPart(part.Key, _values[part.Key], _tensors.GetValueOrDefault(part.Key)));
            }
            catch (Exception e) when (e is FormatException or KeyNotFoundException or NullReferenceException or InvalidCastException
                or (InvalidOperationException and not ObjectDisposedException))
            {
                // What a part reads it takes on trust: a number where it wrote one. Somebody has edited the file and its mark.
                throw new InvalidDataException($"The saved state of '{part.Key}' in {ValuesFile} is not what that part writes. "
                    + $"Go back to an earlier checkpoint.", e);
            }
        }
    }

    public void Dispose()
    {
        foreach (var file in _tensors.Values) file.Dispose();
    }
}
